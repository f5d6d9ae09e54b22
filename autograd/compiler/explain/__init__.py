"""To look inside: what a line of a program stands for, and what each pass made."""
