"""Checks of derivatives: of a function by finite differences, of a student's engine by expressions,
and of a student's backpropagation with arrays by those of the compiler."""

from autograd.check.matrices import matrices
from autograd.check.numeric import Comparison, GradientCheck, finite_difference, gradcheck
from autograd.check.report import CheckError, Failure, MatrixReport, Mistake, Report
from autograd.check.run import engine

__all__ = ["CheckError", "Comparison", "Failure", "GradientCheck", "MatrixReport", "Mistake", "Report",
           "engine", "finite_difference", "gradcheck", "matrices"]
