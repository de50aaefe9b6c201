"""The unit information sheet: what is known of an employer on one page, to print or as a workbook."""
