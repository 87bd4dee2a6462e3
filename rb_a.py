import rb_b
x = 1
