"""Lists: one declaration gives filters, search, sorting, paging, columns, saved views, bulk actions and exports."""
