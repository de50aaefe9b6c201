"""Where the QR code or the printed code of a letter leads: is it real, and what does it say?"""
