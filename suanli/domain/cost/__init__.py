"""Cost: what calls cost, to the nano-unit, and who may spend how much."""
