"""E-mail: letters and the courier that carries them out. Nothing comes in this way."""
