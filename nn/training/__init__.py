"""How models learn: `fit`, what computes the gradients, and what watches."""
