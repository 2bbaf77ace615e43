"""Who is believed: keys and signers, two encodings of a signature over the same bytes, the verifier's own trust policy."""
