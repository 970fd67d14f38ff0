"""The only room that knows botbuilder: Teams comes in by `door`, goes out by `messenger`."""
