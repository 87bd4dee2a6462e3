from routebook import Routebook
app = Routebook()
from rb_router import router
