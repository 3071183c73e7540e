"""What the product decides, as values and pure functions: no input, no output, `now` is an argument."""
