"""Checks of derivatives: of a function by finite differences, of a student's whole engine by expressions."""

from autograd.check.numeric import Comparison, GradientCheck, finite_difference, gradcheck
from autograd.check.report import CheckError, Failure, Report
from autograd.check.run import engine

__all__ = ["CheckError", "Comparison", "Failure", "GradientCheck", "Report", "engine", "finite_difference", "gradcheck"]
