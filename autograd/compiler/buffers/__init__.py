"""What runs: calls that write into arrays kept from call to call."""
