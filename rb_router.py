from rb_main import app, db
