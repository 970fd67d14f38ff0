"""Pure: every sentence that a person reads, Vietnamese and English, and how times and spans are written."""
