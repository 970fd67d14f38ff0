"""Receipts and proofs of tickets for whoever has to answer for them: read from the ledger, shown, never changed."""
