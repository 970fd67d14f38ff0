"""Trực Ban: the support desk's officer on duty in Microsoft Teams."""
