"""Slow second answers, counted minute by minute from product.md alone, for what the rules derive in one step."""
