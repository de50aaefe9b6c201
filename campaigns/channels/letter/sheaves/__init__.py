"""Letters by the hundred: numbered in one go, set in one document, archived under its hash."""
