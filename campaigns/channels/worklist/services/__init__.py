"""Starting drives, asking for their rows, writing down what came of them, and following what others do."""
