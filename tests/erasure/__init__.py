"""Tests of causalrec.erasure."""
