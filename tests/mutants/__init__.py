"""Mutation testing: one small fault at a time is put into the rules, and some test must notice."""
