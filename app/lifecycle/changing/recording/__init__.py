"""What a registered change writes on the employer's record, and how it is taken back."""
