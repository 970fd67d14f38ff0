"""The ledger: Redis or Valkey is the only state. The only room that knows redis."""
