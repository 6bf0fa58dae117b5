"""The Django Channels peer: the broadcast and the live location of the seed document, on Django,
Channels, channels-redis and Daphne from Debian's packages. As there: every pharmacy is read from the
database and measured by haversine in a loop, and each one near is sent to through its own group of
the channel layer. Left out, in its favour: tokens, the REST framework, images, the row of the request.

Run by server.ts: daphne app:application, with REDIS_HOST, REDIS_PORT, DATABASE and PYTHONPATH set.
"""
import json
import math
import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only for a bench on the loopback interface",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="app",
    INSTALLED_APPS=["channels"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}},
    CHANNEL_LAYERS={"default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # As many as 200 terminals need when a burst comes; its default of 100 would drop messages.
        "CONFIG": {"hosts": [(os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"]))], "capacity": 10000},
    }},
    USE_TZ=True,
)
django.setup()

from asgiref.sync import async_to_sync  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402


class Pharmacy(models.Model):
    id = models.CharField(primary_key=True, max_length=40)
    lat = models.FloatField()
    lng = models.FloatField()

    class Meta:
        app_label = "app"
        db_table = "pharmacy"


def calculate_distance(lat1, lon1, lat2, lon2):
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    delta_lat, delta_lon = math.radians(lat2 - lat1), math.radians(lon2 - lon1)
    a = math.sin(delta_lat / 2) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(delta_lon / 2) ** 2
    return 6371 * 2 * math.atan2(math.sqrt(a), math.sqrt(1 - a))


def pharmacies(request):
    """POST [[id, lat, lng], ...]: the pharmacies of this bench."""
    with connection.schema_editor() as schema:
        if "pharmacy" not in connection.introspection.table_names():
            schema.create_model(Pharmacy)
    Pharmacy.objects.bulk_create([Pharmacy(id=i, lat=a, lng=o) for i, a, o in json.loads(request.body)])
    return JsonResponse({}, status=201)


def medicine_request(request):
    body = json.loads(request.body)
    nearby = []
    for pharmacy in Pharmacy.objects.all():
        distance = calculate_distance(body["latitude"], body["longitude"], pharmacy.lat, pharmacy.lng)
        if distance <= body["radius_km"]:
            nearby.append((distance, pharmacy))
    nearby.sort(key=lambda pair: pair[0])
    layer = get_channel_layer()
    for distance, pharmacy in nearby:
        async_to_sync(layer.group_send)(f"pharmacy_{pharmacy.id}", {
            "type": "new_request", "request_id": body["notes"], "notes": body["notes"], "distance_km": round(distance, 2),
            "latitude": body["latitude"], "longitude": body["longitude"], "radius_km": body["radius_km"],
        })
    return JsonResponse({"pharmacies_notified": len(nearby)}, status=201)


class PharmacyConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        self.group = f"pharmacy_{self.scope['url_route']['kwargs']['id']}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.send(text_data=json.dumps({"type": "connection"}))

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def new_request(self, event):
        await self.send(text_data=json.dumps(event))


class TrackingConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        self.group = f"order_{self.scope['url_route']['kwargs']['id']}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.send(text_data=json.dumps({"type": "connection"}))

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def location(self, event):
        await self.send(text_data=json.dumps(event))


class DriverConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        await self.accept()
        await self.send(text_data=json.dumps({"type": "connection"}))

    async def receive(self, text_data=None, bytes_data=None):
        body = json.loads(text_data)
        await self.channel_layer.group_send(f"order_{body['order_id']}", {**body, "type": "location"})


urlpatterns = [path("requests", medicine_request), path("pharmacies", pharmacies)]
application = ProtocolTypeRouter({
    "http": get_asgi_application(),
    "websocket": URLRouter([
        path("ws/pharmacy/<id>", PharmacyConsumer.as_asgi()),
        path("ws/tracking/<id>", TrackingConsumer.as_asgi()),
        path("ws/driver", DriverConsumer.as_asgi()),
    ]),
})
