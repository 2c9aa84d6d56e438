"""Names of classes that are part of an example's key, in the order of their labels."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


EUROSAT = _names("""
    AnnualCrop Forest HerbaceousVegetation Highway Industrial Pasture PermanentCrop Residential River SeaLake
""")

RESISC45 = _names("""
    airplane airport baseball_diamond basketball_court beach bridge chaparral church circular_farmland cloud
    commercial_area dense_residential desert forest freeway golf_course ground_track_field harbor industrial_area
    intersection island lake meadow medium_residential mobile_home_park mountain overpass palace parking_lot
    railway railway_station rectangular_farmland river roundabout runway sea_ice ship snowberg sparse_residential
    stadium storage_tank tennis_court terrace thermal_power_station wetland
""")

CALTECH101 = _names("""
    accordion airplanes anchor ant BACKGROUND_Google barrel bass beaver binocular bonsai brain brontosaurus buddha
    butterfly camera cannon car_side ceiling_fan cellphone chair chandelier cougar_body cougar_face crab crayfish
    crocodile crocodile_head cup dalmatian dollar_bill dolphin dragonfly electric_guitar elephant emu euphonium
    ewer Faces Faces_easy ferry flamingo flamingo_head garfield gerenuk gramophone grand_piano hawksbill headphone
    hedgehog helicopter ibis inline_skate joshua_tree kangaroo ketch lamp laptop Leopards llama lobster lotus
    mandolin mayfly menorah metronome minaret Motorbikes nautilus octopus okapi pagoda panda pigeon pizza platypus
    pyramid revolver rhino rooster saxophone schooner scissors scorpion sea_horse snoopy soccer_ball stapler
    starfish stegosaurus stop_sign strawberry sunflower tick trilobite umbrella watch water_lilly wheelchair
    wild_cat windsor_chair wrench yin_yang
""")
"""The folders of the archive, in the order of the alphabet without regard to case; the key keeps the case."""

DTD = _names("""
    banded blotchy braided bubbly bumpy chequered cobwebbed cracked crosshatched crystalline dotted fibrous
    flecked freckled frilly gauzy grid grooved honeycombed interlaced knitted lacelike lined marbled matted meshed
    paisley perforated pitted pleated polka-dotted porous potholed scaly smeared spiralled sprinkled stained
    stratified striped studded swirly veined waffled woven wrinkled zigzagged
""")
