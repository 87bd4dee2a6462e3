import rb_a
rb_a.x
