"""Targets and the dashboard: figures that lead to the employers behind them."""
