"""Lists: one declaration gives filters, search, sorting, columns, saved views, bulk actions, exports."""
