"""The standard properties of products, line items and orders."""

from __future__ import annotations

from .definition import ObjectDefinition, Pipeline, Stage, owner, prop
from .standard import system

_MONEY = (
    prop("price", "Unit price", "number"),
    prop("hs_sku", "SKU"),
    prop("description", "Description", field_type="textarea"),
)

PRODUCTS = ObjectDefinition(
    name="products",
    singular="product",
    type_id="0-7",
    display="name",
    defaults=("createdate", "description", "hs_lastmodifieddate", "hs_object_id", "name", "price"),
    required=(("name",),),
    searched=("name", "description", "price", "hs_sku"),
    properties=(
        *system(),
        prop("name", "Name"),
        *_MONEY,
        prop("hs_cost_of_goods_sold", "Unit cost", "number"),
        prop("hs_active", "Active", "bool"),
        owner("Product owner"),
    ),
)

LINE_ITEMS = ObjectDefinition(
    name="line_items",
    singular="line_item",
    type_id="0-8",
    display="name",
    defaults=("amount", "createdate", "hs_lastmodifieddate", "hs_object_id", "hs_product_id", "quantity"),
    searched=("name", "hs_sku"),
    properties=(
        *system(),
        prop("name", "Name"),
        *_MONEY,
        prop("hs_product_id", "Product ID", "number"),
        prop("quantity", "Quantity", "number"),
        prop("discount", "Unit discount", "number"),
        prop("amount", "Net price", "number", calculated=True, read_only=True),
    ),
)

ORDERS = ObjectDefinition(
    name="orders",
    singular="order",
    type_id="0-123",
    display="hs_order_name",
    stage="hs_pipeline_stage",
    created="hs_createdate",
    defaults=("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
    searched=("hs_order_name", "hs_external_order_id"),
    pipelines=(
        Pipeline(
            id="14a2e10e-5471-408a-906e-c51f3b04369e",
            label="Order pipeline",
            stages=(
                Stage(id="4b27b500-f031-4927-9811-68a0b525cbae", label="Open", metadata=(("isClosed", "false"),)),
                Stage(id="937ea84d-0a4f-4dcf-9028-3f9c2aafbf03", label="Processed", metadata=(("isClosed", "false"),)),
                Stage(id="aa99e8d0-c1d5-4071-b915-d240bbb1aed9", label="Shipped", metadata=(("isClosed", "false"),)),
                Stage(id="3725360f-519b-4b18-a593-494d60a29c9f", label="Delivered", metadata=(("isClosed", "true"),)),
                Stage(id="3c85a297-e9ce-400b-b42e-9f16853d69d6", label="Cancelled", metadata=(("isClosed", "true"),)),
            ),
        ),
    ),
    properties=(
        *system("hs_createdate"),
        prop("hs_order_name", "Order name"),
        prop("hs_external_order_id", "External order ID"),
        prop("hs_external_created_date", "Ordered at", "datetime"),
        prop("hs_external_order_status", "Order status in the shop"),
        prop("hs_fulfillment_status", "Fulfillment status"),
        prop("hs_total_price", "Total price", "number"),
        prop(
            "hs_currency_code",
            "Currency",
            "enumeration",
            options="EUR=Euro, USD=US Dollar, GBP=British Pound, CHF=Swiss Franc",
        ),
        prop("hs_shipping_tracking_number", "Tracking number"),
        prop("hs_pipeline", "Pipeline", "enumeration"),
        prop("hs_pipeline_stage", "Order stage", "enumeration", "radio"),
        owner("Order owner"),
    ),
)
