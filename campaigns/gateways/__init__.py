"""The wires out of the house: one file per message gateway, all behind `protocol.Gateway`."""
