"""Parts of forms: choices, months, codes and decimals."""
