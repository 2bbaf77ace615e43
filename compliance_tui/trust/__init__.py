"""Who is believed: keys and signers, two encodings of a signature over one statement, a verifier's own trust policy."""
