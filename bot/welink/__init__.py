"""WeLink: cards and the courier out."""
