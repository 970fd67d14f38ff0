"""Looks at an installation from outside its running parts and says, line by line, what is well and what to do."""
