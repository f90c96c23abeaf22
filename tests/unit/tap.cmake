# Unit tests of tap/.
