"""What people found out about a firm: structure, condition, parent, real address and heads; history kept."""
