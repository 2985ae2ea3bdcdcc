"""Invented organisations, people, patients and orders to learn on. Production never gets them."""

from ordering.training.load import load

__all__ = ["load"]
