"""E-mail: comes in by `door`, goes out by `messenger`; the mailbox behind both is one of several."""
