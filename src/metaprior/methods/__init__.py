"""Nets and objectives joined: what is optimised, by which player."""
