"""What must hold before the stage of an employer changes."""
