"""Who answers for the unpaid months of an employer that was merged or divided."""
