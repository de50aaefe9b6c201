"""Finding employers by any part of a name, former name, code, number or pinyin."""
