"""Speed and memory of the product on this machine, with its peers in the same run: `make bench`."""
