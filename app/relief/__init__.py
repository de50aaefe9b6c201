"""Relief: decisions that let an employer defer contributions or pay a lower rate."""
