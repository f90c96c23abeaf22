# Unit tests of broker/.
