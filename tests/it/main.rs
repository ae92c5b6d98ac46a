//! Tests of the whole binary against real databases, real servers and the real z4j.
