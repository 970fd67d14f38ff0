"""The Teams app package: what Teams is told of the bot, its icons, and the command that makes the zip."""
