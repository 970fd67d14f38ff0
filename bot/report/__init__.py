"""Gathers a month of a customer from the ledger and writes it down, each figure with the tickets that make it."""
