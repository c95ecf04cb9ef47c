// A red and white lighthouse on a rocky point above the sea, a fair day.
#include "common.inc"
camera { location <-5, 2.6, -26> look_at <0.4, 5.6, 0> angle 40 right x*4/3 }
light_source { <-60, 55, -60> rgb <1.0, 0.93, 0.82>*1.15 area_light x*4, y*4, 3, 3 adaptive 1 jitter }
sky_sphere {
  pigment { gradient y color_map { [0 RGB(206, 222, 236)] [0.18 RGB(150, 190, 228)] [0.6 RGB(74, 128, 200)] } }
  pigment { bozo turbulence 0.75 octaves 8 lambda 2.2 omega 0.55 scale <0.45, 0.16, 0.45> translate <3.1, 0.2, 1.3>
    color_map { [0 rgbt 1] [0.50 rgbt 1] [0.66 rgbt <0.95,0.96,0.98,0.35>] [1 rgbt <1,1,1,0.05>] } }
}
plane { y, 0
  pigment { RGB(26, 62, 84) }
  normal { average normal_map {
    [1 bumps 0.5 scale <1.6, 1, 0.7>] [1 ripples 0.15 scale 0.6 turbulence 0.8] [0.8 bumps 0.5 scale <6, 1, 2>] } }
  finish { diffuse 0.5 reflection { 0.04, 0.75 fresnel on } specular 0.25 roughness 0.02 conserve_energy }
  interior { ior 1.33 }
}
// rock
#declare f_rock = function { y - 1.9*exp(-(pow(x-1.2,2)/46 + pow(z-1,2)/40)*1.0)*(0.55 + 0.9*f_noise(x*0.45, y*0.45, z*0.45))
   - 0.95*f_noise(x*0.9, y*0.5+3, z*0.9) - 0.35*f_noise(x*2.7, y*1.9, z*2.7) - 0.12*f_noise(x*8, y*7, z*8) + 0.85 }
isosurface {
  function { f_rock(x, y, z) }
  contained_by { box { <-12, -0.6, -9>, <20, 3.6, 12> } } max_gradient 3.2 accuracy 0.01
  texture {
    pigment { slope { y } pigment_map {
      [0.55 granite scale 2 color_map { [0 RGB(70,62,54)] [0.5 RGB(128,116,102)] [1 RGB(176,164,148)] }]
      [0.82 granite scale 2 color_map { [0 RGB(92,84,70)] [0.5 RGB(150,138,118)] [1 RGB(188,176,154)] }]
      [0.93 bozo scale 0.3 color_map { [0 RGB(84,104,46)] [1 RGB(126,138,70)] }] } }
    normal { granite 0.35 scale 0.8 }
    finish { diffuse 0.8 }
  }
}
#declare Iron = texture { pigment { RGB(40, 42, 46) } finish { diffuse 0.7 specular 0.3 roughness 0.05 } }
union {
  // tower, five bands
  cone { <0, 0, 0>, 1.35, <0, 8.2, 0>, 0.86
    texture {
      pigment { gradient y color_map {
        [0 RGB(236,234,228)] [0.2 RGB(236,234,228)] [0.2 RGB(186,34,28)] [0.4 RGB(186,34,28)]
        [0.4 RGB(236,234,228)] [0.6 RGB(236,234,228)] [0.6 RGB(186,34,28)] [0.8 RGB(186,34,28)]
        [0.8 RGB(236,234,228)] [1 RGB(236,234,228)] } scale 8.21 }
      normal { bumps 0.06 scale 0.15 } finish { diffuse 0.82 specular 0.06 }
    }
    texture { pigment { bozo scale <0.15, 2.2, 0.15> turbulence 0.5 color_map { [0 rgbt <0.3,0.25,0.2,0.75>] [0.35 rgbt 1] [1 rgbt 1] } } }
  }
  cylinder { <0, -2, 0>, <0, 0.25, 0>, 1.6 pigment { RGB(170,164,154) } normal { granite 0.2 } }
  // windows and door
  box { <-0.17, 5.0, -1.3>, <0.17, 5.55, 0> texture { Iron } }
  box { <-0.17, 2.6, -1.32>, <0.17, 3.15, 0> texture { Iron } }
  box { <-0.34, 0.2, -1.40>, <0.34, 1.25, 0> pigment { RGB(120, 30, 24) } }
  // gallery
  cylinder { <0, 8.15, 0>, <0, 8.4, 0>, 1.32 pigment { RGB(226,224,218) } }
  cone { <0, 7.75, 0>, 0.88, <0, 8.15, 0>, 1.2 pigment { RGB(226,224,218) } }
  #local I = 0;
  #while (I < 24)
    cylinder { <1.26, 8.4, 0>, <1.26, 9.0, 0>, 0.024 rotate y*15*I texture { Iron } }
    #local I = I + 1;
  #end
  torus { 1.26, 0.032 translate y*9.0 texture { Iron } }
  torus { 1.26, 0.022 translate y*8.7 texture { Iron } }
  // lantern room
  cylinder { <0, 8.4, 0>, <0, 8.75, 0>, 0.74 pigment { RGB(186,34,28) } finish { specular 0.2 } }
  cylinder { <0, 8.75, 0>, <0, 9.75, 0>, 0.66 open
    pigment { rgbt <0.75, 0.85, 0.9, 0.55> } finish { diffuse 0.3 reflection { 0.12, 0.8 } specular 0.6 roughness 0.005 } }
  sphere { <0, 9.2, 0>, 0.34 pigment { RGB(255, 236, 170) } finish { emission 1.1 diffuse 0.3 } no_shadow }
  #local I = 0;
  #while (I < 10)
    cylinder { <0.68, 8.75, 0>, <0.68, 9.75, 0>, 0.03 rotate y*36*I texture { Iron } }
    #local I = I + 1;
  #end
  cone { <0, 9.72, 0>, 0.88, <0, 10.35, 0>, 0.12 pigment { RGB(176,30,26) } finish { specular 0.3 roughness 0.05 } }
  sphere { <0, 10.42, 0>, 0.16 pigment { RGB(176,30,26) } }
  cylinder { <0, 10.4, 0>, <0, 11.1, 0>, 0.025 texture { Iron } }
  translate <1.2, 1.75, 0>
}
// keeper's house
union {
  box { <-1.7, -1, -1.1>, <1.7, 1.35, 1.1> pigment { RGB(238,236,230) } normal { bumps 0.1 scale 0.1 } }
  intersection {
    box { <-1.9, 1.2, -1.4>, <1.9, 2.5, 1.4> }
    plane { <0, 1, -0.85>, 0 translate y*2.35 }
    plane { <0, 1, 0.85>, 0 translate y*2.35 }
    pigment { RGB(150, 58, 44) } normal { gradient x 0.4 ramp_wave scale 0.16 }
  }
  intersection {
    box { <-1.69, 1.2, -1.1>, <1.69, 2.5, 1.1> }
    plane { <0, 1, -0.85>, 0 translate y*2.25 }
    plane { <0, 1, 0.85>, 0 translate y*2.25 }
    pigment { RGB(238,236,230) }
  }
  box { <0.7, 1.5, -0.25>, <1.1, 2.75, 0.25> pigment { RGB(140,72,56) } }
  box { <-1.1, 0.25, -1.13>, <-0.6, 0.85, 0> pigment { RGB(60,74,86) } }
  box { <0.6, 0.25, -1.13>, <1.1, 0.85, 0> pigment { RGB(60,74,86) } }
  box { <-0.25, -0.6, -1.13>, <0.25, 0.75, 0> pigment { RGB(120,40,32) } }
  translate <5.1, 1.7, 1.2>
}
