"""Chinese first, English complete: catalogues, formats, stored sentences, pinyin and pairs of characters."""
