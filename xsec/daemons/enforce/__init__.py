"""The apply engine: render, check, shadow, swap, reload, prove, undo."""
