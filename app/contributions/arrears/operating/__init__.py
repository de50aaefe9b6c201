"""Cases whose way the operating status had opened, when the firm is not gone after all."""
