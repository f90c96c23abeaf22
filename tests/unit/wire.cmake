# Unit tests of wire/.
